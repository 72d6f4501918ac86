# UDP "connects" whatever is there: the refusal comes after the REGISTER.
account udp
start
expect resolve
resolved 2
expect open
connected
expect register
lost connect-refused
expect open
connected
expect register
reply 200 lease 300
expect reason unproven

# The last one is waited for.
lost connect-refused
expect resolve within 4s..8s
resolved 2
expect open
connected
expect register
lost connect-refused
expect open
connected
expect register
lost connect-refused
expect reason connect-refused
expect resolve within 8s..16s
