# "1" again and again must not make us send every second.
account tcp
start
expect resolve
resolved 1
expect open
connected
expect register none
reply 480 retry-after 1
expect register within 1s..1.2s
reply 480 retry-after 1
expect register within 1s..1.2s
reply 480 retry-after 1
expect register within 1s..1.2s
reply 480 retry-after 1
expect register within 4s..8s
reply 480 retry-after 1
expect register within 8s..16s
reply 480 retry-after 1
expect register within 16s..32s
