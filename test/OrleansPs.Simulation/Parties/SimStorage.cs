using System.Security.Cryptography;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Simulation;

/// <summary>The numbers of a model that only rise.</summary>
internal readonly record struct Pointer(long Generation, long Term, long NextCut);

/// <summary>Who may write the control record: the term that does, and where its second copy is.</summary>
/// <param name="Generation">The model's generation.</param>
/// <param name="Term">The term.</param>
/// <param name="Witness">The second copy; null for none.</param>
/// <param name="Version">Another one at each swap, so that a swap that comes late does not meet what it expects by chance.</param>
internal sealed record ModelRecord(long Generation, long Term, WitnessSite? Witness, long Version = 0);

/// <summary>
/// The storage: chunks, manifests and the numbers. Writes may fail, be slow, be done without an answer, and be torn by a crash; a
/// manifest is never overwritten by another one.
/// </summary>
internal sealed class SimStorage(World world)
{
    private readonly Dictionary<string, byte[]> _chunks = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, byte[]> _manifests = [];
    private readonly HashSet<string> _damaged = new(StringComparer.Ordinal);
    private readonly List<PendingWrite> _pending = [];
    private Pointer _pointer = new(0, 0, 1);

    /// <summary>Reading is without faults: who reads asks until he is answered.</summary>
    public Pointer Pointer => _pointer;

    public ModelRecord Record { get; private set; } = new(-1, 0, null);

    public IEnumerable<long> Cuts => _manifests.Keys;

    public byte[] Chunk(string name) => _chunks.GetValueOrDefault(name) ?? [];

    /// <summary>Whether a fault changed a chunk after it was written, or took it.</summary>
    public bool IsDamaged(string chunk) => _damaged.Contains(chunk);

    public byte[] Manifest(long cut) => _manifests[cut];

    public ChunkRecord Describe(int block, string name, byte[] bytes) =>
        new(block, name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)));

    /// <summary>Deletes a snapshot: its manifest, and the chunks of its cut.</summary>
    public void Delete(long cut)
    {
        if (world.Trace.IsOn) world.Trace.Write($"cut {cut} is deleted");
        _manifests.Remove(cut);
        foreach (var name in ChunksOf(cut)) _chunks.Remove(name);
    }

    public void WriteChunk(string name, byte[] bytes, Action<bool> done) => Write(bytes, whole =>
    {
        _damaged.Remove(name);
        _chunks[name] = whole;
        return true;
    }, done);

    /// <summary>Writes a manifest, unless its generation is over by then, or another one is there.</summary>
    public void WriteManifest(long cut, long generation, byte[] bytes, Action<bool> done) => Write(bytes, whole =>
    {
        if (generation < _pointer.Generation) return false;
        if (_manifests.TryGetValue(cut, out var present) && !present.AsSpan().SequenceEqual(whole)) return false;
        _manifests[cut] = whole;
        if (whole.Length == bytes.Length) world.Snapshots.CheckWritten(cut);
        return true;
    }, done);

    /// <summary>Compare-and-swap of the numbers. The answer null is none: it may have happened.</summary>
    /// <param name="expected">What they are to be.</param>
    /// <param name="next">What they become.</param>
    /// <param name="isAwaited">Whether somebody waits for the answer: otherwise nothing is lost with it.</param>
    /// <param name="done">Is answered.</param>
    public void Swap(Pointer expected, Pointer next, Func<bool> isAwaited, Action<bool?> done) =>
        world.Scheduler.After(world.Scheduler.Milliseconds(0.1, 5), () =>
        {
            var isLost = isAwaited() && world.Befalls(FaultKind.LostSwapAnswer);
            var happens = _pointer == expected && (!isLost || world.Scheduler.Chance(0.5));
            if (happens) _pointer = next;
            bool? answer = isLost ? null : happens;
            world.Scheduler.After(world.Scheduler.Milliseconds(0.1, 5), () => done(answer));
        });

    /// <summary>The model is created.</summary>
    public void BeginRecord(ModelRecord record) => Record = record;

    /// <summary>Compare-and-swap of the model's record. The answer null is none: it may have happened.</summary>
    /// <param name="expected">What it is to be.</param>
    /// <param name="next">What it becomes.</param>
    /// <param name="isAwaited">Whether somebody waits for the answer: otherwise it makes no difference that it fails.</param>
    /// <param name="happened">Is told when it happens, whether or not the swapper hears of it.</param>
    /// <param name="done">Is answered.</param>
    public void SwapRecord(ModelRecord expected, ModelRecord next, Func<bool> isAwaited, Action happened, Action<bool?> done)
    {
        var scheduler = world.Scheduler;
        var delay = world.Befalls(FaultKind.SlowStorage) ? scheduler.Milliseconds(50, 800) : scheduler.Milliseconds(0.1, 5);
        scheduler.After(delay, () =>
        {
            var isFailed = isAwaited() && world.Befalls(FaultKind.RecordFailure);
            var isLost = !isFailed && isAwaited() && world.Befalls(FaultKind.LostRecordAnswer);
            var happens = !isFailed && Record == expected;
            if (happens)
            {
                Record = next with { Version = expected.Version + 1 };
                if (world.Trace.IsOn) world.Trace.Write($"storage: {next}");
                happened();
            }
            bool? answer = isLost || isFailed ? null : happens;
            scheduler.After(scheduler.Milliseconds(0.1, 5), () => done(answer));
        });
    }

    /// <summary>A cut's number is used up.</summary>
    public void PassCut(long cut) => _pointer = _pointer with { NextCut = Math.Max(_pointer.NextCut, cut + 1) };

    /// <summary>All writers die: of each write under way all, a part or nothing is there afterwards.</summary>
    public void Crash()
    {
        foreach (var write in _pending)
        {
            write.IsOver = true;
            if (world.Befalls(FaultKind.TornWrite))
            {
                if (world.Trace.IsOn) world.Trace.Write("a write is torn");
                write.Apply(write.Bytes[..world.Scheduler.Random.Next(write.Bytes.Length)]);
            }
            else if (world.Scheduler.Chance(0.5)) write.Apply(write.Bytes);
        }
        _pending.Clear();
        Decay();
    }

    /// <summary>What was written may be damaged when it is to be read.</summary>
    public void Decay()
    {
        if (!HasSpare) return;
        if (world.Befalls(FaultKind.DamagedSnapshot)) DamageNewest();
        if (world.Snapshots.BasesOf(_manifests.Keys.Last()) is { Length: > 0 } bases && world.Befalls(FaultKind.DamagedBase)) DamageOneOf(bases);
    }

    /// <summary>Whether a snapshot may be damaged, since there is another one.</summary>
    public bool HasSpare => _manifests.Count > 1;

    /// <summary>Whether a write is under way.</summary>
    public bool IsWriting => _pending.Count > 0;

    /// <summary>Changes one byte of the newest snapshot; of a manifest often a digit of its ranks, so that only its checksum shows it.</summary>
    private void DamageNewest()
    {
        var cut = _manifests.Keys.Last();
        if (world.Trace.IsOn) world.Trace.Write($"cut {cut} is damaged");
        var bytes = (byte[])_manifests[cut].Clone();
        var random = world.Scheduler.Random;
        var (first, end) = (bytes.AsSpan().IndexOf("\"ranks\""u8), bytes.AsSpan().IndexOf("\"chunks\""u8));
        var digits = Enumerable.Range(0, bytes.Length).Where(i => i > first && i < end && char.IsAsciiDigit((char)bytes[i])).ToArray();
        if (digits.Length == 0 || random.Next(3) == 0) bytes[random.Next(bytes.Length)] ^= 4;
        else bytes[digits[random.Next(digits.Length)]] ^= 1;
        if (world.Scheduler.Chance(0.5)) _manifests[cut] = bytes;
        else DamageOneOf(ChunksOf(cut));
    }

    /// <summary>Changes a byte of a chunk, or takes it.</summary>
    private void DamageOneOf(string[] names)
    {
        if (names.Length == 0) return;
        var random = world.Scheduler.Random;
        var name = names[random.Next(names.Length)];
        if (world.Trace.IsOn) world.Trace.Write($"chunk {name} is damaged");
        _damaged.Add(name);
        var bytes = (byte[])Chunk(name).Clone();
        if (bytes.Length > 0) bytes[random.Next(bytes.Length)] ^= 64;
        if (random.Next(3) == 0) _chunks.Remove(name);
        else _chunks[name] = bytes;
    }

    private string[] ChunksOf(long cut) =>
        [.. _chunks.Keys.Where(n => ChunkName.TryParse(world.Spec.Name, n, out var id) && id.Cut == cut)];

    private void Write(byte[] bytes, Func<byte[], bool> apply, Action<bool> done)
    {
        var scheduler = world.Scheduler;
        if (world.Befalls(FaultKind.StorageFailure))
        {
            scheduler.After(scheduler.Milliseconds(0.1, 10), () => done(false));
            return;
        }
        var isUnanswered = world.Befalls(FaultKind.LostWriteAnswer);
        var delay = world.Befalls(FaultKind.SlowStorage) ? scheduler.Milliseconds(50, 1500) : scheduler.Milliseconds(0.2, 10);
        var write = new PendingWrite(bytes, apply);
        _pending.Add(write);
        scheduler.After(delay, () =>
        {
            if (write.IsOver) return;
            _pending.Remove(write);
            var applied = write.Apply(bytes);
            done(applied && !isUnanswered);
        });
    }

    private sealed class PendingWrite(byte[] bytes, Func<byte[], bool> apply)
    {
        public byte[] Bytes { get; } = bytes;

        public Func<byte[], bool> Apply { get; } = apply;

        public bool IsOver { get; set; }
    }
}
