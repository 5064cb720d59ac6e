using FsCheck;
using FsCheck.Fluent;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>Random images, manifests and specs, with the values that formats tend to lose.</summary>
internal static class Arbitraries
{
    private static readonly IArbMap Defaults = ArbMap.Default;

    private static readonly Gen<long> Longs = Gen.Frequency(
        (1, Gen.Elements(0L, 1, int.MaxValue, 1L << 40, long.MaxValue)), (2, Gen.Choose(0, 1000).Select(i => (long)i)));

    private static readonly Gen<float> AnyBits = Gen.Frequency(
        (2, Gen.Elements(Samples.OddFloats)),
        (3, Defaults.GeneratorFor<uint>().Select(BitConverter.UInt32BitsToSingle)),
        (1, Gen.Choose(-3, 3).Select(i => (float)i)));

    private static readonly Gen<double> Doubles = Gen.Frequency(
        (1, Gen.Elements(0, -0d, double.Epsilon, double.MaxValue, double.MinValue, 0.1, 1d / 3, 1e-8)),
        (2, Defaults.GeneratorFor<double>().Where(double.IsFinite)));

    private static readonly Gen<float> Singles = Gen.Frequency(
        (1, Gen.Elements(0f, -0f, float.Epsilon, float.MaxValue, float.MinValue, 0.1f, 1f / 3)),
        (2, Defaults.GeneratorFor<float>().Where(float.IsFinite)));

    private static readonly Gen<TimeSpan> Times = Gen.Frequency(
        (1, Gen.Elements(TimeSpan.Zero, TimeSpan.MaxValue, TimeSpan.MinValue, TimeSpan.FromTicks(1))),
        (2, Gen.Choose(1, int.MaxValue).Select(i => TimeSpan.FromTicks(i))));

    private static readonly Gen<bool> Bools = Gen.Elements(true, false);

    // Names as a validated spec may have them: any well-formed Unicode.
    private static readonly Gen<string> Names = Gen.Frequency(
        (1, Gen.Elements("w", "layer1/weight", "\0", "\"", "\\u0041", "ä\U0001F600", "\u2028</script>", new string('x', 256))),
        (2, Defaults.GeneratorFor<char>().Where(c => !char.IsSurrogate(c)).NonEmptyListOf().Select(c => new string([.. c]))));

    private static readonly Gen<string> ModelNames =
        Gen.Elements("m", "fashion-mnist", "A.b_c-9", new string('n', 128));

    public static Arbitrary<BlockImage> Images() => Gen.Frequency((2, Dense()), (1, Rows())).ToArbitrary();

    private static Gen<BlockImage> Dense() =>
        from lengths in Gen.Choose(0, 12).ListOf()
        from gaps in Gen.Choose(0, 3).ListOf(lengths.Count + 1)
        from updates in Longs.ListOf(lengths.Count)
        let length = lengths.Sum() + gaps.Sum()
        from values in Floats(length)
        from slot0 in Gen.OneOf(Floats(length).Select(s => (float[]?)s), Gen.Constant((float[]?)null))
        from slot1 in Gen.OneOf(Floats(length).Select(s => (float[]?)s), Gen.Constant((float[]?)null))
        from dedupe in Dedupe()
        from version in Longs
        from entry in Longs
        from block in Gen.Elements(0, 1, int.MaxValue)
        select new BlockImage
        {
            Block = block,
            Length = length,
            Version = version,
            EntryIndex = entry,
            Values = values,
            Slot0 = slot0,
            Slot1 = slot1,
            Segments = Segments(lengths, gaps, updates),
            Dedupe = dedupe,
        };

    private static Gen<BlockImage> Rows() =>
        from keys in Defaults.GeneratorFor<long>().ListOf()
        from remaining in Gen.OneOf(Gen.Constant((List<long>?)null), Defaults.GeneratorFor<long>().ListOf().Select(l => (List<long>?)l))
        from sizes in Gen.Choose(0, 3).ListOf(3)
        from flags in Bools.ListOf(3)
        let own = keys.Distinct().Order().ToArray()
        let floats = 1 + sizes[0] + sizes[1] + (flags[0] ? 1 : 0) + (flags[1] ? 1 : 0) + 1
        from records in Floats(own.Length * floats)
        from sketch in Defaults.GeneratorFor<byte>().NonEmptyListOf()
        from clock in Longs
        from cut in Longs
        from dedupe in Dedupe()
        let left = remaining?.Distinct().Order().ToArray()
        select new BlockImage
        {
            Block = sizes[2],
            Length = 0,
            Version = clock,
            EntryIndex = cut,
            Values = [],
            Segments = [],
            Dedupe = dedupe,
            Rows = new()
            {
                Count = own.Length, Width = 1 + sizes[0], StateFloats = sizes[1], CountsUpdates = flags[0], Ages = flags[1], Clock = clock,
                Keys = own, Records = records, Sketch = flags[2] ? [.. sketch] : null, BaseCut = left is null ? -1 : cut, Remaining = left,
                RemainingCount = left?.Length ?? 0,
            },
        };

    public static Arbitrary<ChunkIdentity> Identities() => (
        from model in ModelNames
        from generation in Longs
        from cut in Longs
        from epoch in Longs
        from block in Gen.Choose(0, 9)
        select new ChunkIdentity(model, generation, cut, block, epoch)).ToArbitrary();

    public static Arbitrary<ModelSpec> Specs() => (
        from name in ModelNames
        from parameters in Parameter().ListOf()
        from tables in Table().ListOf()
        from optimizer in Optimizers()
        from groups in Group().ListOf()
        from schedule in Schedules(2)
        from clipping in Gen.OneOf(
            Gen.Constant(GradientClipping.None), Doubles.Select(GradientClipping.ByValue), Doubles.Select(GradientClipping.ByGlobalNorm))
        from consistency in Gen.OneOf(
            Gen.Elements(ConsistencyPolicy.BulkSynchronous, ConsistencyPolicy.Asynchronous),
            Gen.Choose(0, 1_000_000).Select(ConsistencyPolicy.StaleSynchronous))
        from compensation in Gen.OneOf(
            Gen.Elements(StalenessCompensation.None, StalenessCompensation.ByLr()), Doubles.Select(StalenessCompensation.DcAsgd))
        from compression in Compressions()
        from pulls in Compressions()
        from durability in Durabilities()
        from reduction in Gen.Elements(Enum.GetValues<Reduction>())
        from nonFinite in Gen.Elements(Enum.GetValues<NonFinitePolicy>())
        from numbers in Defaults.GeneratorFor<int>().ListOf(4)
        from seed in Defaults.GeneratorFor<ulong>()
        from lease in Times
        from staging in Longs
        select new ModelSpec(name)
        {
            Parameters = parameters,
            Tables = tables,
            Optimizer = optimizer,
            Groups = groups,
            Schedule = schedule,
            Clipping = clipping,
            Consistency = consistency,
            Compensation = compensation,
            Compression = compression,
            PullCompression = pulls,
            Durability = durability,
            Reduction = reduction,
            NonFinite = nonFinite,
            Workers = numbers[0],
            BackupWorkers = numbers[0] / 2,
            MaxWorkers = numbers[1],
            BlockBytes = numbers[2],
            PushesPerStep = numbers[3],
            Seed = seed,
            Lease = lease,
            StagingBytes = staging,
        }).ToArbitrary();

    public static Arbitrary<SnapshotManifest> Manifests() => (
        from spec in Specs().Generator
        from cut in Longs
        from generation in Longs
        from round in Longs
        from ticks in Gen.Elements(0L, 1L, DateTime.UnixEpoch.Ticks + 12345, DateTime.MaxValue.Ticks)
        from ranks in Rank().ListOf()
        from chunks in Chunk().ListOf()
        from open in Open().ListOf()
        select new SnapshotManifest
        {
            Model = spec.Name,
            Cut = cut,
            Generation = generation,
            Round = round,
            TakenAt = new(ticks, TimeSpan.Zero),
            Spec = spec,
            Ranks = [.. ranks.Select((r, i) => r with { Rank = 2 * i })],
            Chunks = [.. chunks.Select((c, i) => c with { Block = i, Name = ChunkName.Of(generation, cut, i, c.Bytes) })],
            Open = open,
        }).ToArbitrary();

    // Arrays may be longer than the block; what is beyond is nobody's.
    private static Gen<float[]> Floats(int length) =>
        from more in Gen.Choose(0, 2)
        from values in AnyBits.ArrayOf(length + more)
        select values;

    private static SegmentImage[] Segments(List<int> lengths, List<int> gaps, List<long> updates)
    {
        var offset = 0;
        var segments = new SegmentImage[lengths.Count];
        for (var i = 0; i < segments.Length; i++)
        {
            offset += gaps[i];
            segments[i] = new(i, 100 * i, offset, lengths[i], updates[i]);
            offset += lengths[i];
        }
        return segments;
    }

    private static Gen<IReadOnlyList<DedupeImage>> Dedupe() =>
        from ranks in Gen.Choose(0, 4095).ListOf()
        let sorted = ranks.Distinct().Order().ToArray()
        from words in Defaults.GeneratorFor<ulong>().ListOf().ListOf(sorted.Length)
        from incarnations in Longs.ListOf(sorted.Length)
        from steps in Longs.ListOf(sorted.Length)
        select (IReadOnlyList<DedupeImage>)
            [.. sorted.Select((rank, i) => new DedupeImage(rank, incarnations[i], steps[i], [.. words[i]]))];

    private static Gen<DenseParameter> Parameter() =>
        from name in Names
        from shape in Gen.Choose(1, 9).ListOf().Where(s => s.Count <= 8)
        from initializer in Gen.OneOf(
            Gen.Constant((Initializer?)null), Singles.Select(v => (Initializer?)Initializer.Constant(v)),
            Singles.Two().Select(v => (Initializer?)Initializer.Uniform(v.Item1, v.Item2)),
            Singles.Two().Select(v => (Initializer?)Initializer.Normal(v.Item1, v.Item2)),
            from gain in Singles
            from fan in Gen.Elements(FanMode.In, FanMode.Average)
            from normal in Bools
            select (Initializer?)new ScaledInitializer(fan, normal, gain))
        from optimizer in Gen.OneOf(Gen.Constant((Optimizer?)null), Optimizers().Select(o => (Optimizer?)o))
        from named in Bools
        from label in Names
        from compressed in Bools
        from compression in Compressions()
        select new DenseParameter(name, shape, initializer)
        { Optimizer = optimizer, Group = named ? label : null, Compression = compressed ? compression : null, PullCompression = named ? compression : null };

    private static Gen<EmbeddingTable> Table() =>
        from dense in Parameter()
        from numbers in Defaults.GeneratorFor<int>().ListOf(5)
        from times in Longs.ListOf(2)
        from lives in Bools
        select new EmbeddingTable(dense.Name, numbers[0], dense.Initializer)
        {
            Optimizer = dense.Optimizer, Group = dense.Group, Shards = numbers[1], MaxRowsPerStep = numbers[2],
            Lifetime = lives ? new() { AdmitAfter = numbers[3], SketchBytes = numbers[4], TimeToLive = times[0], Capacity = times[1] } : null,
        };

    private static Gen<ParameterGroup> Group() =>
        from name in Names
        from lr in Maybe(Doubles)
        from decay in Maybe(Doubles)
        from frozen in Bools
        from compressed in Bools
        from compression in Compressions()
        select new ParameterGroup(name) { Lr = lr, WeightDecay = decay, Frozen = frozen, Compression = compressed ? compression : null, PullCompression = frozen ? compression : null };

    private static Gen<GradientCompression> Compressions() => Gen.OneOf(
        Gen.Elements(GradientCompression.None, GradientCompression.Bf16, GradientCompression.Int8, GradientCompression.OneBit),
        Doubles.Select(GradientCompression.TopK));

    private static Gen<Optimizer> Optimizers() =>
        from d in Doubles.ListOf(5)
        from nesterov in Bools
        from kind in Gen.Choose(0, 8)
        select kind switch
        {
            0 => Optimizer.Sgd(d[0], d[1], d[2], d[3], nesterov),
            1 => Optimizer.Adam(d[0], d[1], d[2], d[3], d[4]),
            2 => Optimizer.AdamW(d[0], d[1], d[2], d[3], d[4]),
            3 => Optimizer.Adagrad(d[0], d[1], d[2], d[3], d[4]),
            4 => Optimizer.RmsProp(d[0], d[1], d[2], d[3], d[4], nesterov),
            5 => Optimizer.FtrlProximal(d[0], d[1], d[2], d[3]) with { WeightDecay = d[4] },
            6 => Optimizer.RowwiseAdagrad(d[0], d[1], d[2], d[3]),
            7 => Optimizer.Sum() with { WeightDecay = d[0] },
            _ => Optimizer.Assign() with { Lr = d[1] },
        };

    private static Gen<LearningRateSchedule> Schedules(int depth) => Gen.OneOf(
        Gen.Constant(LearningRateSchedule.Constant),
        from size in Longs from gamma in Doubles select LearningRateSchedule.Step(size, gamma),
        from t in Longs from eta in Doubles select LearningRateSchedule.Cosine(t, eta),
        from total in Longs
        from start in Doubles
        from then in depth == 0 ? Gen.Constant(LearningRateSchedule.Constant) : Schedules(depth - 1)
        select LearningRateSchedule.WarmUp(total, start, then));

    private static Gen<DurabilityPolicy> Durabilities() =>
        from every in Longs
        from interval in Maybe(Times)
        from keep in Defaults.GeneratorFor<int>()
        from replicated in Bools
        select replicated ? DurabilityPolicy.Replicated(every, interval, keep) : DurabilityPolicy.Snapshot(every, interval, keep);

    private static Gen<T?> Maybe<T>(Gen<T> values) where T : struct =>
        Gen.OneOf(Gen.Constant((T?)null), values.Select(v => (T?)v));

    private static Gen<RankRecord> Rank() =>
        from n in Longs.ListOf(4)
        from status in Gen.Elements(Enum.GetValues<WorkerStatus>())
        from inherited in (from rank in Gen.Choose(0, 4095) from m in Longs.Two() select new InheritedCursor(rank, m.Item1, m.Item2)).ListOf()
        select new RankRecord(0, n[0], status, n[1], n[2], n[3]) { Inherited = inherited };

    private static Gen<ChunkRecord> Chunk() =>
        from bytes in Longs
        from hash in Gen.Elements("0123456789abcdef".ToCharArray()).ArrayOf(64)
        select new ChunkRecord(0, "", bytes, new string(hash));

    private static Gen<OpenPushes> Open() =>
        from block in Gen.Choose(0, 9)
        from rank in Gen.Choose(0, 9)
        from step in Longs
        from sequences in Gen.Choose(0, 4095).ListOf()
        select new OpenPushes(block, rank, step, sequences);
}
