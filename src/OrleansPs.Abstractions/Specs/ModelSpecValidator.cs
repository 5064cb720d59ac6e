using System.Text;

namespace OrleansPs;

/// <summary>The rules of a <see cref="ModelSpec"/>, one method a part.</summary>
/// <remarks>Optimizers and clipping compute with float32, so their numbers must keep the rules after rounding too.</remarks>
internal static partial class ModelSpecValidator
{
    private const int MaxWarmUps = 16;
    internal const string AtLeastZero = "it must be >= 0 and finite as float32.";
    internal const string AboveZero = "it must be above 0 and finite as float32.";

    public static void Validate(ModelSpec spec)
    {
        CheckName(spec.Name);
        CheckSizes(spec);
        CheckGroups(spec);
        CheckParameters(spec);
        CheckTables(spec);
        OptimizerRules.Check("Optimizer", spec.Optimizer);
        CheckPolicies(spec);
        CheckCompression(spec);
        CheckSchedule("Schedule", spec.Schedule, 0);
        CheckStaging(spec);
    }

    private static void CheckName(string name)
    {
        Require(!string.IsNullOrEmpty(name) && name.Length <= 128 && name[0] != '.'
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'),
            "Name", name, "it must be 1 to 128 letters, digits, '.', '-' or '_', and not start with '.'.");
    }

    private static void CheckSizes(ModelSpec spec)
    {
        Require(spec.Workers is >= 1 and <= 4096, "Workers", spec.Workers, "it must be 1 to 4096.");
        Require(spec.MaxWorkers == 0 || (spec.MaxWorkers >= spec.Workers && spec.MaxWorkers <= 4096),
            "MaxWorkers", spec.MaxWorkers, "it must be 0, or Workers to 4096.");
        Require(spec.BackupWorkers >= 0 && spec.BackupWorkers < spec.Workers,
            "BackupWorkers", spec.BackupWorkers, "it must be 0 to Workers - 1.");
        Require(spec.BlockBytes is >= 4096 and <= 64 << 20 && spec.BlockBytes % 64 == 0,
            "BlockBytes", spec.BlockBytes, "it must be 4 KiB to 64 MiB and a multiple of 64.");
        Require(spec.Lease >= TimeSpan.FromMilliseconds(100) && spec.Lease <= TimeSpan.FromHours(1),
            "Lease", spec.Lease, "it must be 100 ms to 1 hour.");
        Require(spec.PushesPerStep is >= 1 and <= 4096, "PushesPerStep", spec.PushesPerStep, "it must be 1 to 4096.");
    }

    private static void CheckGroups(ModelSpec spec)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        RequirePresent(spec.Groups, "Groups");
        foreach (var group in spec.Groups)
        {
            RequirePresent(group, "Groups");
            Require(!string.IsNullOrEmpty(group.Name) && IsText(group.Name) && names.Add(group.Name),
                "Groups", group.Name, "a group's name must not be empty, be well-formed Unicode and unique.");
            Require(group.Lr is null || IsAtLeastZero(group.Lr.Value),
                $"Groups['{group.Name}'].Lr", group.Lr, AtLeastZero);
            Require(group.WeightDecay is null || IsAtLeastZero(group.WeightDecay.Value),
                $"Groups['{group.Name}'].WeightDecay", group.WeightDecay, AtLeastZero);
        }
    }

    private static void CheckParameters(ModelSpec spec)
    {
        RequirePresent(spec.Tables, "Tables");
        Require(spec.Parameters is { Count: > 0 } || (spec.Parameters is not null && spec.Tables.Count > 0),
            "Parameters", spec.Parameters?.Count, "there must be at least one, or a table.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var p in spec.Parameters!)
        {
            RequirePresent(p, "Parameters");
            Require(!string.IsNullOrEmpty(p.Name) && p.Name.Length <= 256 && IsText(p.Name) && names.Add(p.Name),
                "Parameters", p.Name, "a parameter's name must be 1 to 256 characters of well-formed Unicode and unique.");
            var path = $"Parameters['{p.Name}']";
            Require(p.Shape is not null && p.Shape.All(d => d >= 1) && Product(p.Shape) <= Array.MaxLength,
                path + ".Shape", p.Shape is null ? null : p.ShapeText,
                $"every dimension must be >= 1 and their product at most {Array.MaxLength}.");
            Require(p.Group is null || spec.Groups.Any(g => g.Name == p.Group),
                path + ".Group", p.Group, "the model has no group of this name.");
            if (p.Optimizer is not null) OptimizerRules.Check(path + ".Optimizer", p.Optimizer);
            Require((p.Optimizer ?? spec.Optimizer) is not RowwiseAdagradOptimizer, path + ".Optimizer", nameof(Optimizer.RowwiseAdagrad),
                "it is for embedding tables alone: a dense parameter has no rows.");
            CheckInitializer(path + ".Initializer", p.Initializer);
        }
    }

    private static void CheckInitializer(string path, Initializer? initializer)
    {
        switch (initializer)
        {
            case ConstantInitializer c:
                RequireFinite(path + ".Value", c.Value);
                break;
            case UniformInitializer u:
                RequireFinite(path + ".Low", u.Low);
                RequireFinite(path + ".High", u.High);
                Require(u.Low <= u.High && float.IsFinite(u.High - u.Low),
                    path + ".High", u.High, "it must be at least Low, and no further from Low than a float can hold.");
                break;
            case NormalInitializer n:
                RequireFinite(path + ".Mean", n.Mean);
                Require(n.Std >= 0 && float.IsFinite(n.Std), path + ".Std", n.Std, "it must be finite and >= 0.");
                break;
            case ScaledInitializer s:
                Require(Enum.IsDefined(s.Fan), path + ".Fan", s.Fan, "it must be In or Average.");
                Require(s.Gain > 0 && float.IsFinite(s.Gain), path + ".Gain", s.Gain, "it must be finite and above 0.");
                break;
        }
    }

    private static void CheckPolicies(ModelSpec spec)
    {
        RequirePresent(spec.Clipping, "Clipping");
        RequirePresent(spec.Consistency, "Consistency");
        RequirePresent(spec.Compensation, "Compensation");
        RequirePresent(spec.Durability, "Durability");
        CheckCompensation(spec);
        Require(spec.Clipping.Mode == ClippingMode.None || IsAboveZero(spec.Clipping.Limit),
            "Clipping.Limit", spec.Clipping.Limit, AboveZero);
        Require(Enum.IsDefined(spec.Reduction), "Reduction", spec.Reduction, "it must be Mean or Sum.");
        Require(Enum.IsDefined(spec.NonFinite), "NonFinite", spec.NonFinite, "it must be Reject, Skip or Accept.");
        var durability = spec.Durability;
        Require(durability.EveryClocks >= 0, "Durability.EveryClocks", durability.EveryClocks, "it must be >= 0.");
        Require(durability.Interval is null || durability.Interval >= TimeSpan.FromMilliseconds(100),
            "Durability.Interval", durability.Interval, "it must be at least 100 ms.");
        Require(durability.Keep is >= 1 and <= 1000, "Durability.Keep", durability.Keep, "it must be 1 to 1,000.");
    }

    private static void CheckCompensation(ModelSpec spec)
    {
        var compensation = spec.Compensation;
        if (compensation.Mode == CompensationMode.None) return;
        Require(compensation.Mode != CompensationMode.DcAsgd || IsAboveZero(compensation.Lambda),
            "Compensation.Lambda", compensation.Lambda, AboveZero);
        Require(spec.Consistency.Mode != ConsistencyMode.BulkSynchronous,
            "Compensation", compensation.Mode, "it goes with SSP and ASP alone: under BSP no gradient is stale.");
    }

    private static void CheckSchedule(string path, LearningRateSchedule schedule, int warmUps)
    {
        RequirePresent(schedule, path);
        switch (schedule)
        {
            case StepSchedule s:
                Require(s.StepSize >= 1, path + ".StepSize", s.StepSize, "it must be >= 1.");
                Require(s.Gamma > 0 && double.IsFinite(s.Gamma), path + ".Gamma", s.Gamma, "it must be a finite number above 0.");
                break;
            case CosineSchedule c:
                Require(c.TMax >= 1, path + ".TMax", c.TMax, "it must be >= 1.");
                Require(c.EtaMin is >= 0 and <= 1, path + ".EtaMin", c.EtaMin, "it must be 0 to 1.");
                break;
            case WarmUpSchedule w:
                Require(warmUps < MaxWarmUps, path, "WarmUp", $"at most {MaxWarmUps} warm-ups may follow each other.");
                Require(w.TotalIters >= 1, path + ".TotalIters", w.TotalIters, "it must be >= 1.");
                Require(w.StartFactor is > 0 and <= 1, path + ".StartFactor", w.StartFactor, "it must be above 0 and at most 1.");
                CheckSchedule(path + ".Then", w.Then, warmUps + 1);
                break;
        }
    }

    private static void CheckStaging(ModelSpec spec)
    {
        if (spec.Compensation.Mode == CompensationMode.DcAsgd) CheckCopies(spec);
        if (spec.Consistency.Mode != ConsistencyMode.BulkSynchronous) return;
        var needed = spec.RankLimit * (((Int128)spec.Length * sizeof(float)) + StagedRowBytes(spec));
        Require(needed <= spec.StagingBytes, "StagingBytes", spec.StagingBytes,
            $"BSP needs {needed} bytes to hold the gradients of {spec.RankLimit} workers until a round closes.");
    }

    private static void CheckCopies(ModelSpec spec)
    {
        var needed = (Int128)spec.RankLimit * spec.Length * sizeof(float);
        Require(needed <= spec.StagingBytes, "StagingBytes", spec.StagingBytes,
            $"delay compensation needs {needed} bytes to keep what {spec.RankLimit} workers last pulled.");
    }

    // A lone surrogate can't be written to a file: two such names would become one.
    private static bool IsText(string name) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(name)) == name;

    internal static bool IsAtLeastZero(double value) => value >= 0 && float.IsFinite((float)value);

    internal static bool IsAboveZero(double value) => (float)value > 0 && float.IsFinite((float)value);

    private static long Product(IReadOnlyList<int> shape)
    {
        var product = 1L;
        foreach (var d in shape)
        {
            product *= d;
            if (product > Array.MaxLength) return long.MaxValue;
        }
        return product;
    }

    private static void RequirePresent(object? value, string parameter) => Require(value is not null, parameter, null, "it must not be missing.");

    private static void RequireFinite(string parameter, float value) => Require(float.IsFinite(value), parameter, value, "it must be finite.");

    internal static void Require(bool holds, string parameter, object? value, string rule)
    {
        if (!holds) throw new InvalidSpecException(parameter, value, rule);
    }
}
