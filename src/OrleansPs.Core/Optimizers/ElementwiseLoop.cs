using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// What an optimizer does to one vector of elements. Built of additions, multiplications, divisions, square roots and
/// choices by a comparison alone, none of them fused: IEEE 754 fixes each one's bits, so they do not depend on the width of a vector.
/// </summary>
internal interface IUpdateRule
{
    /// <summary>How many floats of state an element has: 0, 1 or 2.</summary>
    static abstract int StateSlots { get; }

    /// <summary>Updates values and state from a gradient; state that the rule does not have is to be left alone.</summary>
    void Apply(ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1);
}

/// <summary>
/// The one loop of all kernels: every stream is read once and written once. The tail goes through the same rule in a
/// padded vector, so that it cannot differ from the body.
/// </summary>
internal static class ElementwiseLoop
{
    /// <summary>Runs a rule over equally long spans.</summary>
    /// <exception cref="ArgumentException">The lengths differ; nothing has been changed.</exception>
    public static void Run<TRule>(
        TRule rule, Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1)
        where TRule : struct, IUpdateRule
    {
        CheckLength(gradient.Length, values.Length, nameof(gradient));
        if (TRule.StateSlots >= 1) CheckLength(slot0.Length, values.Length, nameof(slot0));
        if (TRule.StateSlots >= 2) CheckLength(slot1.Length, values.Length, nameof(slot1));

        ref var w = ref MemoryMarshal.GetReference(values);
        ref var g = ref MemoryMarshal.GetReference(gradient);
        ref var s0 = ref MemoryMarshal.GetReference(slot0);
        ref var s1 = ref MemoryMarshal.GetReference(slot1);
        var length = (nuint)values.Length;
        var body = length - (length % (nuint)Vector<float>.Count);
        for (nuint i = 0; i < body; i += (nuint)Vector<float>.Count) Body(rule, i, ref w, ref g, ref s0, ref s1);
        if (body < length) Tail(rule, body, length - body, ref w, ref g, ref s0, ref s1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Body<TRule>(TRule rule, nuint i, ref float w, ref float g, ref float s0, ref float s1)
        where TRule : struct, IUpdateRule
    {
        var value = Vector.LoadUnsafe(ref w, i);
        var first = TRule.StateSlots >= 1 ? Vector.LoadUnsafe(ref s0, i) : default;
        var second = TRule.StateSlots >= 2 ? Vector.LoadUnsafe(ref s1, i) : default;
        rule.Apply(ref value, Vector.LoadUnsafe(ref g, i), ref first, ref second);
        value.StoreUnsafe(ref w, i);
        if (TRule.StateSlots >= 1) first.StoreUnsafe(ref s0, i);
        if (TRule.StateSlots >= 2) second.StoreUnsafe(ref s1, i);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Tail<TRule>(
        TRule rule, nuint start, nuint count, ref float w, ref float g, ref float s0, ref float s1)
        where TRule : struct, IUpdateRule
    {
        var value = LoadPart(ref w, start, count);
        var first = TRule.StateSlots >= 1 ? LoadPart(ref s0, start, count) : default;
        var second = TRule.StateSlots >= 2 ? LoadPart(ref s1, start, count) : default;
        rule.Apply(ref value, LoadPart(ref g, start, count), ref first, ref second);
        StorePart(value, ref w, start, count);
        if (TRule.StateSlots >= 1) StorePart(first, ref s0, start, count);
        if (TRule.StateSlots >= 2) StorePart(second, ref s1, start, count);
    }

    private static Vector<float> LoadPart(ref float source, nuint start, nuint count)
    {
        var vector = Vector<float>.Zero;
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref source, start), (int)count).CopyTo(Lanes(ref vector));
        return vector;
    }

    private static void StorePart(Vector<float> vector, ref float destination, nuint start, nuint count) =>
        Lanes(ref vector)[..(int)count].CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref destination, start), (int)count));

    private static Span<float> Lanes(ref Vector<float> vector) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<Vector<float>, float>(ref vector), Vector<float>.Count);

    private static void CheckLength(int length, int expected, string name)
    {
        if (length != expected) Throw(length, expected, name);
    }

    private static void Throw(int length, int expected, string name) =>
        throw new ArgumentException($"The length is {length}; it must be that of the values, {expected}.", name);
}
