# RFC 3261 10.2: the answer in flight first, then the un-REGISTER.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
stop
expect nothing for 1s
reply 200 lease 300
expect leave
reply 200 absent
expect left
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
stop
expect left within 5s..5s
account tcp
start
expect resolve
stop
expect left
