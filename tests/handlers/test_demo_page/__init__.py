"""The web page of the local Slack, driven in headless Chromium by its roles and names."""
