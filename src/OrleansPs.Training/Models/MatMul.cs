using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansPs.Training;

/// <summary>
/// Matrix products of float32, vectorised and blocked for the cache.
/// </summary>
/// <remarks>
/// Every element of the result is a chain of fused multiply-adds in the order of k, whatever the vector width, the blocking
/// and the place of the element. So equal inputs give equal bits. Not thread safe: it keeps a packing buffer.
/// </remarks>
internal sealed class MatMul
{
    private const int Rows = 4;
    private const int Depth = 256;
    private static readonly int Width = 2 * Vector<float>.Count;
    private readonly float[] _panel = new float[Depth * Width];
    private readonly float[] _edge = new float[Rows * Width];

    /// <summary>C = A B, or C += A B.</summary>
    /// <param name="a">m x k.</param>
    /// <param name="b">k x n.</param>
    /// <param name="c">m x n, row-major; must not overlap the others.</param>
    /// <param name="accumulate">Whether what C holds is added to.</param>
    public void Multiply(in MatrixView a, in MatrixView b, Span<float> c, bool accumulate = false)
    {
        int m = a.Rows, n = b.Columns, depth = a.Columns;
        if (b.Rows != depth || c.Length != m * n) throw new ArgumentException("The matrices' sizes don't fit each other.");
        if (!accumulate) c.Clear();
        for (var k = 0; k < depth; k += Depth)
            for (var j = 0; j < n; j += Width)
            {
                var height = Math.Min(Depth, depth - k);
                var width = Math.Min(Width, n - j);
                Pack(b, k, j, height, width);
                MultiplyPanel(a.Slice(k, height), c[j..], n, width);
            }
    }

    private void Pack(in MatrixView b, int row, int column, int height, int width)
    {
        var panel = _panel.AsSpan();
        if (width < Width) panel[..(height * Width)].Clear();
        for (var k = 0; k < height; k++)
            b.CopyRow(row + k, column, panel.Slice(k * Width, width));
    }

    private void MultiplyPanel(in MatrixView a, Span<float> c, int stride, int width)
    {
        for (var i = 0; i < a.Rows; i += Rows)
        {
            var rows = Math.Min(Rows, a.Rows - i);
            var tile = c[(i * stride)..];
            if (width < Width) MultiplyEdge(a, i, rows, tile, stride, width);
            else MultiplyTile(a, i, rows, tile, stride);
        }
    }

    private void MultiplyEdge(in MatrixView a, int row, int rows, Span<float> c, int stride, int width)
    {
        for (var i = 0; i < rows; i++) c.Slice(i * stride, width).CopyTo(_edge.AsSpan(i * Width));
        MultiplyTile(a, row, rows, _edge, Width);
        for (var i = 0; i < rows; i++) _edge.AsSpan(i * Width, width).CopyTo(c[(i * stride)..]);
    }

    private void MultiplyTile(in MatrixView a, int row, int rows, Span<float> c, int stride)
    {
        var last = (rows - 1) * stride + Width;
        if (c.Length < last || _panel.Length < a.Columns * Width) throw new ArgumentException("A tile leaves its matrix.");
        ref var panel = ref MemoryMarshal.GetArrayDataReference(_panel);
        ref var target = ref MemoryMarshal.GetReference(c);
        if (rows == Rows)
        {
            FourRows(ref a.At(row), a.RowStride, a.ColumnStride, ref panel, ref target, stride, a.Columns);
            return;
        }
        for (var i = 0; i < rows; i++)
            OneRow(ref a.At(row + i), a.ColumnStride, ref panel, ref Unsafe.Add(ref target, i * stride), a.Columns);
    }

    // Eight accumulators hide the latency of the multiply-add and leave registers for the operands.
    private static void FourRows(
        ref float a, nint rowStride, nint columnStride, ref float panel, ref float c, nint stride, int depth)
    {
        nuint size = (nuint)Vector<float>.Count, b = 0;
        ref float a1 = ref Unsafe.Add(ref a, rowStride), a2 = ref Unsafe.Add(ref a1, rowStride), a3 = ref Unsafe.Add(ref a2, rowStride);
        ref float c1 = ref Unsafe.Add(ref c, stride), c2 = ref Unsafe.Add(ref c1, stride), c3 = ref Unsafe.Add(ref c2, stride);
        Vector<float> s00 = Vector.LoadUnsafe(ref c), s01 = Vector.LoadUnsafe(ref c, size);
        Vector<float> s10 = Vector.LoadUnsafe(ref c1), s11 = Vector.LoadUnsafe(ref c1, size);
        Vector<float> s20 = Vector.LoadUnsafe(ref c2), s21 = Vector.LoadUnsafe(ref c2, size);
        Vector<float> s30 = Vector.LoadUnsafe(ref c3), s31 = Vector.LoadUnsafe(ref c3, size);
        for (nint k = 0; k < depth * columnStride; k += columnStride, b += 2 * size)
        {
            Vector<float> b0 = Vector.LoadUnsafe(ref panel, b), b1 = Vector.LoadUnsafe(ref panel, b + size);
            var v0 = new Vector<float>(Unsafe.Add(ref a, k));
            s00 = Vector.FusedMultiplyAdd(v0, b0, s00);
            s01 = Vector.FusedMultiplyAdd(v0, b1, s01);
            var v1 = new Vector<float>(Unsafe.Add(ref a1, k));
            s10 = Vector.FusedMultiplyAdd(v1, b0, s10);
            s11 = Vector.FusedMultiplyAdd(v1, b1, s11);
            var v2 = new Vector<float>(Unsafe.Add(ref a2, k));
            s20 = Vector.FusedMultiplyAdd(v2, b0, s20);
            s21 = Vector.FusedMultiplyAdd(v2, b1, s21);
            var v3 = new Vector<float>(Unsafe.Add(ref a3, k));
            s30 = Vector.FusedMultiplyAdd(v3, b0, s30);
            s31 = Vector.FusedMultiplyAdd(v3, b1, s31);
        }
        Store(s00, s01, ref c, size);
        Store(s10, s11, ref c1, size);
        Store(s20, s21, ref c2, size);
        Store(s30, s31, ref c3, size);
    }

    private static void OneRow(ref float a, nint columnStride, ref float panel, ref float c, int depth)
    {
        nuint size = (nuint)Vector<float>.Count, b = 0;
        Vector<float> s0 = Vector.LoadUnsafe(ref c), s1 = Vector.LoadUnsafe(ref c, size);
        for (nint k = 0; k < depth * columnStride; k += columnStride, b += 2 * size)
        {
            var v = new Vector<float>(Unsafe.Add(ref a, k));
            s0 = Vector.FusedMultiplyAdd(v, Vector.LoadUnsafe(ref panel, b), s0);
            s1 = Vector.FusedMultiplyAdd(v, Vector.LoadUnsafe(ref panel, b + size), s1);
        }
        Store(s0, s1, ref c, size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector<float> first, Vector<float> second, ref float target, nuint size)
    {
        first.StoreUnsafe(ref target);
        second.StoreUnsafe(ref target, size);
    }
}
