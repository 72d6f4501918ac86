# "1" again and again must not make us send every second.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 480 retry-after 1
expect resolve within 1s..1.2s
resolved 1
expect open
connected
expect register
reply 480 retry-after 1
expect resolve within 1s..1.2s
resolved 1
expect open
connected
expect register
reply 480 retry-after 1
expect resolve within 1s..1.2s
resolved 1
expect open
connected
expect register
reply 480 retry-after 1
expect resolve within 4s..8s
resolved 1
expect open
connected
expect register
reply 480 retry-after 1
expect resolve within 8s..16s
resolved 1
expect open
connected
expect register
reply 480 retry-after 1
expect resolve within 16s..32s
resolved 1
expect open
connected
expect register
