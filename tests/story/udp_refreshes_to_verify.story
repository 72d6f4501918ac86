# A UDP registrar may lose its memory unseen: at least every `verify` seconds.
account udp verify 600 ponging
come-up 3600s
expect register within 540s..600s
reply 200 lease 3600
expect register within 540s..600s
reply 200 lease 3600
