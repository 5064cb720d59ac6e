using System.Globalization;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Replication;

namespace OrleansPs.Core.Tests.Replication;

/// <summary>Stories of a coordinator and its block map: silos have letters, and replicas the names of their silos with a number from the second on.</summary>
internal sealed class MapStory
{
    private readonly List<CoordinatorEffect> _effects = [];
    private readonly Dictionary<string, ReplicaSite> _sites = new(StringComparer.Ordinal);
    private readonly Dictionary<int, long> _attempts = [];
    private readonly Dictionary<(int, ReplicaTask), Stamp> _told = [];
    private readonly ModelSpec _spec;
    private readonly bool _isHeld;
    private readonly List<AppendToRecord> _record = [];
    private Coordinator _coordinator;
    private TimeSpan _now;

    /// <param name="map">A line a block, as in <c>A+B</c> or <c>A</c>.</param>
    /// <param name="isReplicated">Whether blocks have standbys.</param>
    /// <param name="isHeld">Whether the record takes entries only when the story says so.</param>
    public MapStory(string map, bool isReplicated = true, bool isHeld = false)
    {
        _isHeld = isHeld;
        _spec = new("story")
        {
            Parameters = [new("a", [1])],
            Optimizer = Optimizer.Sum(),
            Consistency = ConsistencyPolicy.Asynchronous,
            Durability = isReplicated ? DurabilityPolicy.Replicated() : DurabilityPolicy.Snapshot(),
            Lease = TimeSpan.FromSeconds(10),
        };
        var state = ControlState.Create(_spec);
        state.BeginMap(map.Split(' ').Select(line => line.Split('+')).Select(s => new BlockSites(0, Site(s[0]), s.Length > 1 ? Site(s[1]) : null)));
        _coordinator = new(_spec, state, state.Map.Count, 1, _now);
        Settle();
    }

    public ControlState State => _coordinator.State;

    public bool IsSettled => _coordinator.IsSettled;

    public MapStory Tell(string script)
    {
        Assert.Equal(Script.Normalize(script), Script.Run(script, Do), ignoreLineEndingDifferences: true);
        return this;
    }

    private ReplicaSite Site(string silo)
    {
        var number = 1;
        while (_sites.ContainsKey(NameOf(silo, number))) number++;
        return _sites[NameOf(silo, number)] = new(NameOf(silo, number), silo, new(_sites.Count + 1, 0, 0, new byte[8]));
    }

    private static string NameOf(string silo, int number) => number == 1 ? silo : string.Create(CultureInfo.InvariantCulture, $"{silo}{number}");

    private string Do(string command)
    {
        var words = command.Split(' ');
        switch (words[0])
        {
            case "silos": Silos(words[1..]); break;
            case "prepared": Prepared(int.Parse(words[1], CultureInfo.InvariantCulture), words[2]); break;
            // An older answer, about a replica that was taken, comes a second time.
            case "again": _coordinator.ReplicaPrepared(int.Parse(words[1], CultureInfo.InvariantCulture), -1, _sites[words[2]], _now); break;
            case "depose": _coordinator.Stop(Core.Messages.CoordinatorStatus.NotCoordinator); break;
            case "lost": Lost(int.Parse(words[1], CultureInfo.InvariantCulture), words[2], words is [.., "long", "ago"]); break;
            case "tick":
                _now += TimeSpan.FromSeconds(double.Parse(words[1], CultureInfo.InvariantCulture));
                _coordinator.Tick(_now);
                break;
            case "accept": _coordinator.RecordAccepted(_record[^1].Index); break;
            case "takeover":
                _coordinator = new(_spec, _coordinator.State.Clone(_spec), State.Map.Count, _coordinator.Term + 1, _now);
                break;
            default: Answered(words); break;
        }
        return Settle();
    }

    private void Lost(int block, string standby, bool isOld) =>
        _coordinator.StandbyLost(block, _sites[standby].Nonce, isOld ? default : new(long.MaxValue, 0), _now);

    private void Silos(string[] words)
    {
        var bar = Array.IndexOf(words, "/");
        var usable = bar < 0 ? words : words[..bar];
        _coordinator.SilosChanged(usable, bar < 0 ? words : usable.Concat(words[(bar + 1)..]), _now);
    }

    private void Prepared(int block, string silo) =>
        _coordinator.ReplicaPrepared(block, _attempts[block], silo == "none" ? null : Site(silo), _now);

    private void Answered(string[] words)
    {
        var task = words[0] switch { "lead" => ReplicaTask.Lead, "follow" => ReplicaTask.Follow, "add" => ReplicaTask.AddStandby, _ => ReplicaTask.Yield };
        var block = int.Parse(words[1], CultureInfo.InvariantCulture);
        _coordinator.ReplicaAnswered(block, _told[(block, task)], Enum.Parse<ReplicaAnswer>(words[2], ignoreCase: true), _now);
    }

    private string Settle()
    {
        var told = new List<string>();
        while (true)
        {
            _effects.Clear();
            _coordinator.TakeEffects(_effects);
            if (_effects.Count == 0) return told.Count == 0 ? "-" : string.Join(", ", told);
            foreach (var effect in _effects.ToArray()) told.Add(Text(effect));
        }
    }

    private string Text(CoordinatorEffect effect)
    {
        switch (effect)
        {
            case AppendToRecord e:
                _record.Add(e);
                if (!_isHeld) _coordinator.RecordAccepted(e.Index);
                return e.Entry is MapChanged m ? $"{m.Block}: {m.Sites.Primary.Key}{(m.Sites.Standby is { } s ? "+" + s.Key : "")} e{m.Sites.Epoch}" : "entry";
            case TellReplica e:
                _told[(e.Block, e.Command.Task)] = e.Command.Stamp;
                var with = e.Command.Standby is { } standby ? " " + standby.Key : "";
                var task = e.Command.Task == ReplicaTask.AddStandby ? "add" : e.Command.Task.ToString().ToLowerInvariant();
                return $"{task} {e.Block} {e.Site.Key}{with}";
            case PrepareReplica e:
                _attempts[e.Block] = e.Attempt;
                return $"prepare {e.Block} {e.Silo}";
            case CloseReplica e: return $"close {e.Site.Key}";
            case PublishMap e: return $"map {e.Version}";
            case BlocksLost e: return $"{e.Blocks} lost";
            default: return effect.GetType().Name;
        }
    }
}
