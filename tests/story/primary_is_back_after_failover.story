# SCENARIOS T16: the better address was down when the flow was made. It stays
# where it works; the next new flow goes to the better one again.
account tcp ponging
start
expect resolve
resolved 2 down 1
expect open
expect address 1
connected
expect register none
reply 200 lease 3600
expect nothing for 45m
expect address 1
lost flow-lost
expect resolve within 1ms..250ms
resolved 2
expect open
expect address 0
connected
expect register none
reply 200 lease 3600
expect registered yes
