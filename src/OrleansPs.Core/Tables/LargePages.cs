using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansPs.Core.Tables;

/// <summary>
/// Arrays for numbers that are looked up at random: where the system gives large pages to those who ask (Linux, transparent huge pages), they are asked
/// for. With pages of 4 KiB a lookup among a hundred megabytes waits for the page tables too.
/// </summary>
/// <remarks>A hint: whether it was taken changes nothing but time. Such arrays do not move, and come from no pool and go to none.</remarks>
internal static class LargePages
{
    private const nuint PageBytes = 2 << 20;
    private const int Advice = 14;

    /// <summary>From how many bytes on an array is worth it.</summary>
    public const int LeastBytes = 2 << 20;

    // Until it says no; a thread that has not heard it asks once more.
    private static bool s_isThere = OperatingSystem.IsLinux();

    /// <summary>An array of zeros.</summary>
    public static T[] Allocate<T>(int length) where T : unmanaged => Advise(GC.AllocateArray<T>(length, pinned: true));

    /// <summary>An array of any numbers.</summary>
    public static T[] AllocateUninitialized<T>(int length) where T : unmanaged => Advise(GC.AllocateUninitializedArray<T>(length, pinned: true));

    private static unsafe T[] Advise<T>(T[] array) where T : unmanaged
    {
        if (!s_isThere) return array;
        var start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
        var (first, end) = (start & ~(PageBytes - 1), (start + ((nuint)array.Length * (nuint)sizeof(T)) + PageBytes - 1) & ~(PageBytes - 1));
        try
        {
            _ = MAdvise(first, end - first, Advice);
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            s_isThere = false;
        }
        return array;
    }

#pragma warning disable SYSLIB1054 // Numbers alone go in and out, so nothing has to be generated; planted bugs are compiled without generators.
    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int MAdvise(nuint address, nuint length, int advice);
#pragma warning restore SYSLIB1054
}
