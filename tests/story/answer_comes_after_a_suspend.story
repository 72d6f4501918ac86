# SCENARIOS T12: asleep while a REGISTER was in flight, and its answer is the
# first thing that is read. The lease counts from when it was sent.
account tcp expires 600
start
expect resolve
resolved 1
expect open
connected
expect register none
suspend 9m
reply 200 lease 600
expect registered yes
expect register within 5s..5s
