-- The last touches: where counters stand, and statistics as they are on a day like any other.

SELECT setval('shop.voucher_number', 45000);
SELECT setval(pg_get_serial_sequence('shop.addresses', 'id'), (SELECT max(id) FROM shop.addresses));
CREATE SEQUENCE crm.ticket_number AS smallint OWNED BY crm.tickets.id;
ALTER TABLE crm.tickets ALTER COLUMN id SET DEFAULT nextval('crm.ticket_number');
SELECT setval('crm.ticket_number', 26500);
