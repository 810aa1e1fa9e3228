"""The part that decides: plain values in, plain values out, no I/O.

Times are whole milliseconds since the epoch (UTC), durations whole milliseconds, unless a name says otherwise.
"""
