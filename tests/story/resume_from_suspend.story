# SCENARIOS T12: asleep for hours. The flow is asked first; what is overdue is
# done at once, and a flow that is dead is replaced beside itself.
account tcp interval 30
come-up 12h
expect crlf within 0..1s
pong
suspend 3h
verify
expect crlf
pong
expect flow proven
expect registered yes
expect nothing for 20s

account tcp interval 30
come-up 12h
expect crlf within 0..1s
pong
suspend 3h
verify
expect crlf
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect retire
# three hours of sleep are no idle time of a NAT
expect interval 30s..30s
