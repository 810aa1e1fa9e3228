"""The local Slack, driven with the real slack_sdk client and a real slack-bolt app."""
