namespace OrleansPs.Client;

/// <summary>
/// The plans of the sets used last, by reference, at most <see cref="Capacity"/>; the one unused for longest gives way.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class PlanCache(Planner planner)
{
    public const int Capacity = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<Key, Entry> _entries = [];
    private long _uses;

    /// <summary>The plan of an operation; either set may be null, not both.</summary>
    /// <inheritdoc cref="Planner.Plan"/>
    public TransferPlan Of(TensorSet? gradients, TensorSet? values)
    {
        var key = new Key(gradients, values);
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry) && entry.Fits(key)) return entry.Use(++_uses);
            var plan = planner.Plan(gradients, values);
            if (_entries.Count >= Capacity && !_entries.ContainsKey(key)) Evict();
            _entries[key] = entry = new(plan);
            return entry.Use(++_uses);
        }
    }

    private void Evict() => _entries.Remove(_entries.MinBy(e => e.Value.LastUse).Key);

    private readonly struct Key(TensorSet? gradients, TensorSet? values) : IEquatable<Key>
    {
        public TensorSet? Gradients { get; } = gradients;

        public TensorSet? Values { get; } = values;

        public bool Equals(Key other) =>
            ReferenceEquals(Gradients, other.Gradients) && ReferenceEquals(Values, other.Values);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode() => HashCode.Combine(HashOf(Gradients), HashOf(Values));

        private static int HashOf(TensorSet? set) =>
            set is null ? 0 : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(set);
    }

    private sealed class Entry(TransferPlan plan)
    {
        public long LastUse { get; private set; }

        // A set that grew after its first use maps anew, instead of silently leaving out what was added.
        public bool Fits(Key key) =>
            plan.Gradients.Length == (key.Gradients?.Count ?? 0) && plan.Values.Length == (key.Values?.Count ?? 0);

        public TransferPlan Use(long use)
        {
            LastUse = use;
            return plan;
        }
    }
}
