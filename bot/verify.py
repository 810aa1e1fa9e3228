DOMAIN = b"signoff-audit-v1\0"
GENESIS = bytes(32)
