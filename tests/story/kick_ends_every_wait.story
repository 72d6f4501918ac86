# The operator's word ends a Retry-After and a back-off.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register
reply 503 retry-after 1000
kick
expect resolve
resolved 1
expect open
connected
expect register
reply 500
kick
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 300
