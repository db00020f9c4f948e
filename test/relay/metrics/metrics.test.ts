import { describe, expect, test } from 'vitest';
import { addMeasured, clusterGauges, formatOpenMetrics, Measures, type Measured } from '../../../relay/index.ts';
import { clusterStatus, nodeStatus } from '../../cli/cluster/cluster-status.ts';

const text = (measured: Measured): string => formatOpenMetrics(measured, []);
const linesOf = (measured: Measured, metric: string): string[] =>
  text(measured)
    .split('\n')
    .filter((line) => line.startsWith(metric));

describe('Measures', () => {
  test('[OP4] are given away once, and taken back where nobody took them', () => {
    const measures = new Measures();
    measures.count('events', 'accepted', 3);
    const taken = measures.take();
    expect(measures.isEmpty).toBe(true);
    measures.count('events', 'accepted');
    measures.restore(taken);
    expect(measures.take()).toEqual({ 'events\naccepted': [4] });
  });

  test('[OP4] add up to totals, bucket by bucket', () => {
    const report = (): Measured => {
      const measures = new Measures();
      for (const events of [1, 2, 3, 5_000]) measures.observe('flushEvents', events);
      return measures.take();
    };
    const totals = addMeasured(addMeasured({}, report()), report());
    expect(linesOf(totals, 'terachat_flush_events')).toEqual([
      ...['1.0', '2.0', '4.0'].map((bound, i) => `terachat_flush_events_bucket{le="${bound}"} ${2 + 2 * i}`),
      ...[8, 16, 32, 64, 128, 256, 512, 1024, 4096].map((bound) => `terachat_flush_events_bucket{le="${bound}.0"} 6`),
      'terachat_flush_events_bucket{le="+Inf"} 8',
      'terachat_flush_events_count 8',
      'terachat_flush_events_sum 10012',
    ]);
  });

  test('[OP4] that an older release shaped otherwise begin anew', () => {
    expect(addMeasured({ flushSeconds: [1, 2] }, { flushSeconds: [1, 1, 1] })).toEqual({ flushSeconds: [1, 1, 1] });
    expect(linesOf({ flushSeconds: [1, 2] }, 'terachat_flush_seconds')).toEqual([]);
  });

  test('[OP2] keep a bounded number of series', () => {
    const measures = new Measures();
    for (let i = 0; i < 10_000; i++) measures.count('incidents', `event ${i}`);
    expect(Object.keys(measures.take())).toHaveLength(4_096);
  });
});

describe('The text', () => {
  test('[OP1] names type, unit and help of every metric before its samples, and ends', () => {
    const measures = new Measures();
    measures.countRequest('/v1/relay', 'GET', '2xx');
    measures.observe('requestSeconds', 0.3, '/v1/relay');
    const lines = text(measures.take()).split('\n');
    expect(lines.slice(0, 3)).toEqual([
      '# TYPE terachat_requests counter',
      '# HELP terachat_requests Answers by route, method and class of status.',
      'terachat_requests_total{route="/v1/relay",method="GET",status="2xx"} 1',
    ]);
    expect(lines).toContain('# UNIT terachat_request_seconds seconds');
    expect(lines).toContain('terachat_request_seconds_bucket{route="/v1/relay",le="0.25"} 0');
    expect(lines).toContain('terachat_request_seconds_bucket{route="/v1/relay",le="0.5"} 1');
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
  });

  test('[OP1] escapes what a label holds', () => {
    const gauge = { name: 'g', help: 'a\nb', samples: [{ labels: { name: 'say "hi"\\' }, value: 1 }] };
    const [type, help, sample] = formatOpenMetrics({}, [gauge]).split('\n');
    expect([type, help, sample]).toEqual(['# TYPE g gauge', '# HELP g a\\nb', 'g{name="say \\"hi\\"\\\\"} 1']);
  });

  test('[CR9] [OP2] has how the cluster is: nodes that are down, the backlog, and what is lost', () => {
    const { nodes, blobs } = clusterStatus();
    const down = nodeStatus('node-1', { health: 'down', fault: 'timeout', missing: 3 });
    const gone = nodeStatus('node-9', { state: 'drained', health: 'unconfigured' });
    const status = clusterStatus({
      nodes: [nodes[0]!, down, gone],
      backlog: 3,
      blobs: { ...blobs, lost: 1 },
      lossMargin: -1,
    });
    const lines = formatOpenMetrics({}, clusterGauges(status)).split('\n');
    const of = (name: string) => lines.filter((line) => line.startsWith(`terachat_cluster_${name}`));
    expect(of('node_up')).toEqual([
      'terachat_cluster_node_up{node="node-0"} 1',
      'terachat_cluster_node_up{node="node-1"} 0',
    ]);
    expect(of('node_missing_shards')[1]).toBe('terachat_cluster_node_missing_shards{node="node-1"} 3');
    expect(of('backlog_shards')).toEqual(['terachat_cluster_backlog_shards 3']);
    expect(of('lost_blobs')).toEqual(['terachat_cluster_lost_blobs 1']);
    expect(of('loss_margin')).toEqual(['terachat_cluster_loss_margin -1']);
  });
});
