# The preferred edge accepts connections again, and nothing else. It may have
# passed the REGISTER on: another one goes over the flow that works.
account tcp ponging expires 3600
start
expect resolve
resolved 2 ranked down 1
expect open
expect address 1
connected
expect register none
reply 200 lease 3600
expect registered yes
pass 5s
expect flow proven
expect aside within 1m..5m
expect resolve
resolved 2 ranked
expect open
connected
expect register none
expect take-back within 3900ms..4100ms
expect register none
reply 200 lease 3600
expect registered yes
expect reason unproven
expect nothing for 4m
