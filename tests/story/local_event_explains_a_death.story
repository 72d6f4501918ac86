# The network changed and then a flow is silent: that was no NAT's idle limit.
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
pass 20s
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
expect interval 30s..30s

# nor is it when the site has got another address meanwhile
account tcp interval 30
come-up 3600s
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
site 198.51.100.77
resolved 1
expect open
connected
expect register reused
reply 200 lease 3600
expect retire
expect interval 30s..30s
