# A connection that lives for months sees a failed refresh now and then; each
# is the first in a row, though the flow was proven only once.
account tcp ponging expires 7200 method register interval 100000
come-up 7200s
expect register reused within 6570s..6630s
reply 200 lease 7200
expect register within 6570s..6630s
reply 500
expect register within 30s..60s
reply 500
expect register within 60s..120s
reply 200 lease 7200
expect register within 6570s..6630s
reply 500
expect register within 30s..60s
reply 200 lease 7200
expect register within 6570s..6630s
reply 503 retry-after 1
expect register within 1s..1.2s
reply 200 lease 7200
expect registered yes
