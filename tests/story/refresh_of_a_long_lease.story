# Above 1200 s: 600 s before the end, 5 % more or less.
account tcp expires 3600
come-up 3600s
promise 0
# pings are quiet; the server pongs each through the story's eyes
expect flow proven
stop
expect leave reused
reply 200 absent
expect left
