# UDP, the registrar is gone for minutes and has lost its memory. A new socket
# is of no use either, so the old one is taken back, and the first sign of life
# over it ends the wait.
account udp expires 600
come-up 600s
expect options within 0..1s
options-answer
expect options within 20s..25s
expect aside within 3.5s..3.5s
expect resolve
resolved 1
expect open
connected
expect register
expect reason flow-lost
expect take-back within 32s..32s
expect reason no-answer
expect reachable no
expect registered yes
expect flow suspect
expect state wait
pass 10s
options-answer
expect register within 1ms..250ms
reply 200 lease 600
expect registered yes
expect flow proven
expect reachable unknown

# it stays away: the next try is over another socket again, and the old one
# goes on to ping
account udp expires 600
come-up 600s
expect options within 0..1s
options-answer
expect options within 20s..25s
expect aside within 3.5s..3.5s
expect resolve
resolved 1
expect open
connected
expect register
expect take-back within 32s..32s
expect aside within 30s..60s
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 600
expect retire
expect registered yes
