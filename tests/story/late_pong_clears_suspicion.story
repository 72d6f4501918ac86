# A pong that comes late, but before the replacement has sent its REGISTER: the
# elder is the flow again, and nothing was lost or taught by it.
account tcp interval 30
come-up 300s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
pass 500ms
expect elder suspect
expect reachable no
elder-pong
expect take-back
expect flow proven
expect elder none
expect state bound
expect reason unproven
expect interval 30s..30s
expect crlf within 20s..30s
pong
