using System.Numerics;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Benchmarks;

/// <summary>
/// Each optimizer kernel over 16 MiB of parameters on one thread, beside a memcpy that moves as many bytes: half of the
/// kernel's streams' bytes are read and as many written.
/// </summary>
internal static class KernelSuite
{
    private const int Length = 4 << 20;
    private const double StreamBytes = Length * sizeof(float);

    private static readonly float[] s_values = Touched(Length, i => (i % 101) * 0.01f);
    private static readonly float[] s_gradient = Touched(Length, i => ((i % 17) - 8) * 1e-3f);
    private static readonly float[] s_slot0 = Touched(Length, _ => 0f);
    private static readonly float[] s_slot1 = Touched(Length, _ => 0f);
    private static readonly byte[] s_source = Touched((int)(StreamBytes * 4), i => (byte)i);
    private static readonly byte[] s_destination = Touched((int)(StreamBytes * 4), i => (byte)i);

    private sealed record Subject(string Name, string Reads, string Writes, Action Run)
    {
        public int Streams => Reads.Split(' ').Length + Writes.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
    }

    public static void Run()
    {
        Console.WriteLine($"{Length} floats (16 MiB) per stream, one thread, Vector<float> of {Vector<float>.Count}, median of 31, in turns with memcpy");
        Console.WriteLine($"{"kernel",-22}{"reads",-9}{"writes",-8}{"streams",7}{"ms",8}{"GB/s",8}{"memcpy ms",11}{"GB/s",8}{"ratio",8}");
        foreach (var subject in Subjects()) Measure(subject);
        Console.WriteLine($"{"initializer",-22}{"M values/s",10}");
        foreach (var (name, initializer) in Initializers()) Measure(name, initializer);
    }

    private static IEnumerable<Subject> Subjects() =>
    [
        Kernel("sgd", Optimizer.Sgd(), "w g", "w"),
        Kernel("sgd weight_decay", Optimizer.Sgd(weightDecay: 1e-4), "w g", "w"),
        Kernel("sgd momentum", Optimizer.Sgd(momentum: 0.9), "w g b", "w b"),
        Kernel("sgd nesterov", Optimizer.Sgd(momentum: 0.9, nesterov: true), "w g b", "w b"),
        Kernel("adam", Optimizer.Adam(), "w g m v", "w m v"),
        Kernel("adamw", Optimizer.AdamW(), "w g m v", "w m v"),
        Kernel("adagrad", Optimizer.Adagrad(), "w g s", "w s"),
        Kernel("rmsprop", Optimizer.RmsProp(), "w g v", "w v"),
        Kernel("rmsprop momentum", Optimizer.RmsProp(momentum: 0.9), "w g v b", "w v b"),
        Kernel("rmsprop centered", Optimizer.RmsProp(centered: true), "w g v a", "w v a"),
        Kernel("ftrl-proximal", Optimizer.FtrlProximal(l1: 0.1), "w g z n", "w z n"),
        Kernel("sum", Optimizer.Sum(), "w g", "w"),
        Kernel("assign", Optimizer.Assign(), "g", "w"),
        new("add", "a b", "a", () => GradientMath.Add(s_slot0, s_gradient)),
        new("divide", "a", "a", () => GradientMath.Divide(s_slot0, 3)),
        new("scale", "a", "a", () => GradientMath.Scale(s_slot0, 0.5f)),
        new("clamp", "a", "a", () => GradientMath.Clamp(s_slot0, 1)),
        new("index of non-finite", "a", "", () => GradientMath.IndexOfNonFinite(s_gradient)),
        new("sum of squares", "a", "", () => GradientMath.SumOfSquares(s_gradient)),
    ];

    private static IEnumerable<(string Name, Initializer Initializer)> Initializers() =>
    [
        ("uniform", Initializer.Uniform(-1, 1)),
        ("normal", Initializer.Normal()),
    ];

    private static Subject Kernel(string name, Optimizer optimizer, string reads, string writes)
    {
        var kernel = OptimizerKernel.For(optimizer);
        return new(name, reads, writes, () => kernel.Step(
            s_values, s_gradient, kernel.StateSlots > 0 ? s_slot0 : default, kernel.StateSlots > 1 ? s_slot1 : default,
            new UpdateContext(1e-3, 1000)));
    }

    private static void Measure(Subject subject)
    {
        Array.Clear(s_slot0);
        Array.Clear(s_slot1);
        var bytes = StreamBytes * subject.Streams;
        var half = (int)(bytes / 2);
        var (work, copy) = Measurement.Interleave(
            subject.Run, () => s_source.AsSpan(0, half).CopyTo(s_destination));
        Console.WriteLine($"{subject.Name,-22}{subject.Reads,-9}{subject.Writes,-8}{subject.Streams,7}{work * 1e3,8:F2}{bytes / work / 1e9,8:F1}"
            + $"{copy * 1e3,11:F2}{bytes / copy / 1e9,8:F1}{copy / work,8:P0}");
    }

    private static void Measure(string name, Initializer initializer)
    {
        var (work, _) = Measurement.Interleave(
            () => Initializing.Fill(initializer, 1, "layer.weight", [Length], 0, s_values), () => { });
        Console.WriteLine($"{name,-22}{Length / work / 1e6,10:F0}");
    }

    private static T[] Touched<T>(int length, Func<int, T> value)
    {
        var array = new T[length];
        for (var i = 0; i < length; i++) array[i] = value(i);
        return array;
    }
}
