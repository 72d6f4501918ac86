account tcp ponging expires 3600
start
expect resolve
resolved 2 ranked down 1
expect open
expect address 1
connected
expect register none
reply 200 lease 3600
pass 5s
expect flow proven
expect aside within 1m..5m
expect resolve
kick

expect take-back
expect register within 0s..5s
