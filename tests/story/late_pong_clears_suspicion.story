# A pong that comes late, but before ten seconds, ends the suspicion.
account tcp interval 30
come-up 300s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
pass 2s
expect flow suspect
pong
expect flow proven
expect reason unproven
expect crlf within 20s..30s
