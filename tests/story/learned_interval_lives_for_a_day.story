# It shrinks below the silence that was deadly, stays for a day, and then grows
# by a tenth an hour up to what it was; a death after that keeps it for longer.
account tcp interval 30 expires 604800
come-up 7d
expect crlf within 0..1s
pong
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 604800
expect retire
expect interval 18s..22.5s
expect interval-reason learned
ponging yes
expect nothing for 23h
kick
expect register
reply 200 lease 604800
expect interval 18s..22.5s
expect nothing for 3h
kick
expect register
reply 200 lease 604800
expect interval 21.7s..27.3s
expect interval-reason learned
expect nothing for 10h
kick
expect register
reply 200 lease 604800
expect interval 30s..30s
expect interval-reason configured
# it dies again: two days this time
expect crlf within 0..30s
pong
ponging no
expect crlf within 24s..30s
expect aside within 1s..1s
expect resolve
resolved 1
expect open
connected
expect register reused
reply 200 lease 604800
expect retire
expect interval 18s..22.5s
ponging yes
expect nothing for 47h
kick
expect register
reply 200 lease 604800
expect interval 18s..22.5s
