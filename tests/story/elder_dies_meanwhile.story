# The elder breaks while another flow is made: the way to that one goes on.
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
elder-lost flow-lost
expect elder none
expect state resolve
expect registered yes
expect reachable no
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect registered yes
expect elder none

# and if that comes to nothing there is nothing to take back
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
elder-lost flow-lost
reply 480
expect register
reply 480
expect state wait
expect flow none
expect reachable no
