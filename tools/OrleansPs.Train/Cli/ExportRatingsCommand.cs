using System.CommandLine;
using OrleansPs.Train.Data;

namespace OrleansPs.Train;

/// <summary><c>train export-movielens</c>: what tools/data.sh makes a file of ratings with.</summary>
internal sealed class ExportRatingsCommand(Surroundings surroundings)
{
    private readonly Option<string?> _package = OptionKinds.Path("--package", "DIR", "The directory data of the R package dslabs");
    private readonly Option<string?> _to = OptionKinds.Path("--to", "FILE", "The CSV file to write: userId,movieId,rating,timestamp");

    public Command Build()
    {
        var command = new Command("export-movielens", "Write the MovieLens ratings in the R package dslabs to a file for ratings");
        foreach (var option in (Option<string?>[])[_package, _to])
        {
            option.Required = true;
            command.Options.Add(option);
        }
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult result)
    {
        var path = result.GetRequiredValue(_to)!;
        Rule.RequireWritable("--to", path);
        surroundings.Out.WriteLine(Texts.Of($"{RatingsExport.Write(result.GetRequiredValue(_package)!, path):#,0} ratings in {path}"));
        return ExitStatus.Ok;
    }
}
