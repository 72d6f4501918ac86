# The machine sleeps while the preferred edge is tried, and wakes after the
# refresh was due: that goes at once over the flow that serves.
account tcp ponging expires 7200
start
expect resolve
resolved 2 ranked down 1
expect open
expect address 1
connected
expect register none
reply 200 lease 7200
expect registered yes
pass 5s
expect flow proven
expect aside within 1m..5m
expect resolve
resolved 2 ranked
expect open
expect address 0
suspend 6750s
expect registered yes
expect take-back within 0..0
expect register within 0..0
reply 200 lease 7200
expect registered yes
expect address 1
