-- The state of products that is kept.
--
-- model: snap_products
-- reads: [stg_products]
SELECT product_id, price, cost, category FROM stg_products
