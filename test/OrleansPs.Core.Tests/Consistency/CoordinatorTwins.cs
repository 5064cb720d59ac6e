using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Tests.Consistency;

/// <summary>
/// Two coordinators that are told the same, at random, and should say the same. The record accepts at once. The same seed makes
/// the same life.
/// </summary>
internal sealed class CoordinatorTwins
{
    private const int Blocks = 2;
    private static readonly TimeSpan s_start = TimeSpan.FromHours(1);
    private readonly Random _random;
    private readonly Coordinator _one;
    private readonly Coordinator _two;
    private TimeSpan _now = s_start;
    private long _lastCall;

    public CoordinatorTwins(ModelSpec spec, ControlState one, ControlState two, int seed)
    {
        _random = new(seed);
        _one = new(spec, one, Blocks, 9, _now);
        _two = new(spec, two, Blocks, 9, _now);
    }

    /// <summary>What both said, command by command.</summary>
    public List<string> Said { get; } = [];

    private ControlState State => _one.State;

    public void Run(int commands)
    {
        AssertSame();
        for (var i = 0; i < commands; i++)
        {
            var command = Next();
            command(_one);
            command(_two);
            AssertSame();
        }
    }

    private void AssertSame()
    {
        var (expected, actual) = (Take(_one), Take(_two));
        Assert.Equal(expected, actual);
        Said.AddRange(expected);
    }

    private Action<Coordinator> Next()
    {
        var rank = _random.Next(4);
        var record = State.Ranks.GetValueOrDefault(rank)?.Record;
        var (generation, incarnation, now, call) = (State.Generation, record?.Incarnation ?? 0, _now, ++_lastCall);
        var cut = State.OpenCut?.Cut ?? 0;
        switch (_random.Next(16))
        {
            case < 2:
                // A nonce of long ago, that of the present incarnation, or a new one.
                Guid[] nonces = [.. State.Ranks.Values.SelectMany(r => r.PastNonces.Prepend(r.Nonce)), Nonce()];
                var join = new JoinCommand(rank, nonces[_random.Next(nonces.Length)], _random.Next(2) == 0 ? -1 : incarnation, generation);
                return c => c.Join(call, join, now);
            case < 8:
                var step = Math.Max(0, (record?.Step ?? 0) - (_random.Next(4) / 3));
                var clock = new ClockCommand(generation, rank, incarnation, step, 10 * step + 10);
                return c => c.Clock(call, clock, now);
            case 8:
                var kind = (PresenceKind)_random.Next(3);
                return c => c.Presence(call, new(kind, generation, rank, incarnation), now);
            case 9: return c => c.RequestSnapshot(now);
            case 10: return c => c.BlocksFrozen(cut, now);
            case 11:
                return c =>
                {
                    for (var b = 0; b < Blocks; b++) c.ChunkWritten(cut, new(b, $"chunk{b}", 1, ""), []);
                };
            case 12: return c => c.ManifestWritten(cut, now);
            case 13 when _random.Next(4) == 0: return c => c.Evict(rank, now);
            case 14: return c => c.BlocksCertified(State.Round, now);
            default:
                _now += TimeSpan.FromSeconds(_random.NextDouble() * 3);
                var later = _now;
                return c => c.Tick(later);
        }
    }

    private Guid Nonce() => new(_random.Next(), 7, 7, new byte[8]);

    private static List<string> Take(Coordinator coordinator)
    {
        var said = new List<string>();
        var effects = new List<CoordinatorEffect>();
        for (coordinator.TakeEffects(effects); effects.Count > 0; coordinator.TakeEffects(effects))
        {
            foreach (var append in effects.OfType<AppendToRecord>()) coordinator.RecordAccepted(append.Index);
            foreach (var effect in effects)
                said.Add(effect is Answer answer ? $"{answer.Call}: {Telling.Of(answer.Reply)}" : Telling.Of(effect));
            effects.Clear();
        }
        said.Add(Telling.Of(coordinator.State) + string.Join(' ', coordinator.Waiting));
        return said;
    }
}
