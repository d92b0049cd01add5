// A server on Node's own http module that checks deliveries the documented way.
const crypto = require('crypto');
const http = require('http');

function verified(raw, signature, stamp, secret) {
  if (Math.floor(Date.now() / 1000) - parseInt(stamp, 10) > 300) return 400;
  const expected = Buffer.from('v1=' + crypto.createHmac('sha256', secret).update(`${stamp}.${raw}`, 'utf8').digest('hex'));
  const given = Buffer.from(signature);
  return given.length === expected.length && crypto.timingSafeEqual(given, expected) ? 200 : 401;
}

http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const raw = Buffer.concat(chunks).toString('utf8');
    const { 'x-salesbooth-signature': signature = '', 'x-salesbooth-timestamp': stamp = '0' } = request.headers;
    response.statusCode = verified(raw, signature, stamp, process.env.WEBHOOK_SECRET);
    if (response.statusCode === 200) console.log(JSON.parse(raw).event);
    response.end();
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
