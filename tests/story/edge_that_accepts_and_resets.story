# The preferred edge answers 200, and then resets each connection. Such a flow is
# no better than one that cannot be made: the next edge is used.
account tcp ponging expires 3600
start
expect resolve
resolved 2 ranked
expect open
expect address 0
connected
expect register none
reply 200 lease 3600
lost flow-lost
expect open
expect address 1
connected
expect register none
reply 200 lease 3600
expect registered yes
pass 5s
expect flow proven
# and when it was tried again, beside the flow that serves
expect aside within 1m..5m
expect resolve
resolved 2 ranked
expect open
expect address 0
connected
expect register none
reply 200 lease 3600
expect retire
lost flow-lost
expect open
expect address 1
connected
expect register none
reply 200 lease 3600
pass 5s
expect flow proven
expect nothing for 4m
