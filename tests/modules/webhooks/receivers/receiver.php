<?php
// A PHP script that checks deliveries the documented way: php -S 127.0.0.1:<port> receiver.php
$raw = file_get_contents('php://input');
$stamp = $_SERVER['HTTP_X_SALESBOOTH_TIMESTAMP'] ?? '';
if (abs(time() - (int) $stamp) > 300) {
    http_response_code(400);
    exit('stale');
}
$expected = 'v1=' . hash_hmac('sha256', $stamp . '.' . $raw, getenv('WEBHOOK_SECRET'));
if (!hash_equals($expected, $_SERVER['HTTP_X_SALESBOOTH_SIGNATURE'] ?? '')) {
    http_response_code(401);
    exit('bad signature');
}
$event = json_decode($raw, true);
error_log($event['event'] . ' ' . $event['id']);
