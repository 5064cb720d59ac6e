namespace OrleansPs.Silo;

internal static class Program
{
    public static Task<int> Main(string[] args) => SiloApplication.RunAsync(args, Console.Error);
}
