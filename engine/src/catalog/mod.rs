//! The catalog: what tables and views exist, and how those made by SQL survive a restart.
