using System.Diagnostics;
using System.Globalization;

namespace OrleansPs.Simulation;

/// <summary>Runs very many seeds on all processors, and says what they were like.</summary>
public static class SeedSweep
{
    private const int MaxFailures = 20;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);

    /// <summary>Runs seeds until the last one, or for so long.</summary>
    /// <returns>False if a promise was broken.</returns>
    public static bool Run(int first, int last, TimeSpan time, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var sweep = new Sweep(first, last, time, output);
        var threads = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(sweep.Work) { IsBackground = true }).ToArray();
        foreach (var thread in threads) thread.Start();
        while (threads.Any(t => t.IsAlive))
        {
            foreach (var thread in threads) thread.Join(Period / threads.Length);
            sweep.Progress();
        }
        sweep.Summarize();
        return sweep.Failures == 0;
    }

    private sealed class Sweep(int first, int last, TimeSpan time, TextWriter output)
    {
        private readonly Lock _lock = new();
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private readonly FaultCounts _faults = new();
        private readonly List<long> _events = [];
        private long _snapshots;
        private long _deltas;
        private long _promotions;
        private int _next = first - 1;
        private TimeSpan _told;

        public int Failures { get; private set; }

        public void Work()
        {
            while (_clock.Elapsed < time && Failures < MaxFailures && Interlocked.Increment(ref _next) is var seed && seed <= last)
            {
                var report = SimulationRun.Report(seed);
                lock (_lock) Add(report);
            }
        }

        public void Progress()
        {
            lock (_lock)
            {
                if (_clock.Elapsed - _told < Period) return;
                _told = _clock.Elapsed;
                Write($"{_clock.Elapsed:hh\\:mm\\:ss}: {_events.Count} seeds, {_events.Count / _clock.Elapsed.TotalSeconds:F1} seeds/s, {Failures} failed");
            }
        }

        public void Summarize()
        {
            _events.Sort();
            if (_events.Count == 0) return;
            Write($"{_events.Count} seeds in {_clock.Elapsed:hh\\:mm\\:ss}, {_events.Count / _clock.Elapsed.TotalSeconds:F1} seeds/s");
            Write($"events a seed: min {_events[0]}, median {_events[_events.Count / 2]}, max {_events[^1]}");
            Write($"{_snapshots} snapshots checked, with {_deltas} deltas, {_promotions} replicas promoted, {Failures} seeds failed");
            foreach (var line in PhaseTable.Lines(_faults)) output.WriteLine(line);
            Write($"rarest: {string.Join(", ", PhaseTable.Rarest(_faults, 10))}");
        }

        private void Add(SimulationReport report)
        {
            _events.Add(report.Events);
            _faults.Add(report.Faults);
            _snapshots += report.Snapshots;
            _deltas += report.Deltas;
            _promotions += report.Promotions;
            if (report.Violation is null) return;
            Failures++;
            Write($"Seed {report.Seed}: {report.Violation}\n{SeedRuns.ReplayOf(report.Seed)}");
        }

        private void Write(FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
    }
}
