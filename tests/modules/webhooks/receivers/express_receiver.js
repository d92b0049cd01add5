// An Express application that checks deliveries the documented way, on the raw body.
const crypto = require('crypto');
const express = require('express');

const app = express();

app.post('/webhooks/salesbooth', express.raw({ type: 'application/json' }), (request, response) => {
  const stamp = request.headers['x-salesbooth-timestamp'] || '0';
  if (Math.floor(Date.now() / 1000) - parseInt(stamp, 10) > 300) return response.sendStatus(400);
  const raw = request.body.toString('utf8');
  const mac = crypto.createHmac('sha256', process.env.WEBHOOK_SECRET).update(`${stamp}.${raw}`, 'utf8');
  const expected = Buffer.from('v1=' + mac.digest('hex'));
  const given = Buffer.from(request.headers['x-salesbooth-signature'] || '');
  if (given.length !== expected.length || !crypto.timingSafeEqual(expected, given)) return response.sendStatus(401);
  console.log(JSON.parse(raw).event);
  return response.sendStatus(200);
});

app.listen(Number(process.argv[2]), '127.0.0.1');
