# A lone CRLF that answers nothing proves life, not that ours are answered.
account tcp interval 30
start
expect resolve
resolved 1
expect open
connected
expect register
pong
reply 200 lease 600
pong
expect flow up
expect crlf within 0..1s
expect options within 1s..1s
options-answer
expect flow proven
