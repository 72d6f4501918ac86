# No pong and no answer to an OPTIONS either: dead 10 s after the ping.
account tcp interval 30
start
expect resolve
resolved 1
expect open
connected
expect register
reply 200 lease 600
expect crlf within 0..1s
expect options within 1s..1s
expect resolve within 13s..18s
