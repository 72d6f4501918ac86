# While requests come in nobody is moved, and the name may have changed
# meanwhile: a flow outlives what DNS says.
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
pass 2m
inbound
pass 29s
inbound
pass 29s
inbound
pass 29s
inbound
pass 29s
inbound
pass 29s
inbound
pass 29s
inbound
expect nothing for 29s
expect aside within 0..31s
expect resolve
resolve-failed
expect take-back
expect registered yes
