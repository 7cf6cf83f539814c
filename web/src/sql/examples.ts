// Which queries does somebody begin with? Those that teams of token provisioning already have: they run here as they are.

export interface Example {
  title: string;
  /** Where such a query comes from. */
  origin: string;
  sql: string;
}

export const EXAMPLES: readonly Example[] = [
  {
    title: "Requests, success rate and time of 30 days",
    origin: "Athena, as the data set of a QuickSight dashboard",
    sql: `-- Example Athena query for QuickSight dataset
SELECT
    wallet_provider,
    issuer,
    timestamp,
    status,
    COUNT(*) as request_count,
    AVG(CASE WHEN status = 'SUCCESS' THEN 1 ELSE 0 END) * 100 as success_rate,
    AVG(processing_time) as avg_processing_time
FROM token_provisioning_logs
WHERE date >= DATE_SUB(CURRENT_DATE, 30)
GROUP BY 1,2,3,4
ORDER BY timestamp DESC`,
  },
  {
    title: "Daily metrics by wallet and issuer",
    origin: "QuickSight, DailyMetrics",
    sql: `SELECT
  date_trunc('day', timestamp) as date,
  wallet_provider,
  issuer,
  COUNT(*) as total_requests,
  SUM(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN 1 ELSE 0 END) as successful_requests,
  AVG(CASE WHEN event = 'TOKEN_PROVISION_SUCCESS' THEN processing_time END) as avg_latency
FROM token_provisioning_logs
WHERE timestamp >= date_add('day', -30, current_date)
GROUP BY 1, 2, 3
ORDER BY 1 DESC`,
  },
  {
    title: "Success rate over time",
    origin: "Grafana, metrics of TokenServices",
    sql: `SELECT
  SUM(SuccessfulTokenProvisioning) /
  (SUM(SuccessfulTokenProvisioning) + SUM(FailedTokenProvisioning)) * 100
FROM TokenServices
GROUP BY WalletProvider, Issuer, TIME`,
  },
  {
    title: "Latency over time",
    origin: "Grafana, metrics of TokenServices",
    sql: `SELECT
  AVG(TokenProvisioningLatency)
FROM TokenServices
GROUP BY WalletProvider, Issuer, TIME`,
  },
];
