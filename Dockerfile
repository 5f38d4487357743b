# The API with the operator's console beside it, the bot, and the stand-in for Discord, a target each: docker build --target api .
# Alpine, because a health check needs a program that asks, and its busybox brings wget; the other images of .NET have none.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source

# What decides the restore comes first: the packages stay cached until one of these changes.
COPY global.json Directory.Build.props Directory.Build.targets Directory.Packages.props ./
COPY Games.Api/Games.Api.csproj Games.Api/
COPY Games.Bot/Games.Bot.csproj Games.Bot/
COPY Games.Contracts/Games.Contracts.csproj Games.Contracts/
COPY Games.Data/Games.Data.csproj Games.Data/
COPY Games.DiscordClient/Games.DiscordClient.csproj Games.DiscordClient/
COPY Games.FakeDiscord/Games.FakeDiscord.csproj Games.FakeDiscord/
COPY Games.Journal/Games.Journal.csproj Games.Journal/
COPY Games.Ops/Games.Ops.csproj Games.Ops/
COPY Games.Outbox/Games.Outbox.csproj Games.Outbox/
COPY Games.ServiceDefaults/Games.ServiceDefaults.csproj Games.ServiceDefaults/
RUN dotnet restore Games.Api && dotnet restore Games.Bot && dotnet restore Games.FakeDiscord && dotnet restore Games.Ops

COPY . .
RUN dotnet publish Games.Api --configuration Release --no-restore --output /published/api -p:UseAppHost=false \
 && dotnet publish Games.Bot --configuration Release --no-restore --output /published/bot -p:UseAppHost=false \
 && dotnet publish Games.FakeDiscord --configuration Release --no-restore --output /published/discord -p:UseAppHost=false \
 && dotnet publish Games.Ops --configuration Release --no-restore --output /published/ops -p:UseAppHost=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0-alpine AS runtime
WORKDIR /app
USER $APP_UID

FROM runtime AS api
ENV ASPNETCORE_URLS=http://+:5080
EXPOSE 5080
COPY --from=build /published/api .
COPY --from=build /published/ops ops
ENTRYPOINT ["dotnet", "Games.Api.dll"]

FROM runtime AS bot
ENV ASPNETCORE_URLS=http://+:5081
EXPOSE 5081
COPY --from=build /published/bot .
ENTRYPOINT ["dotnet", "Games.Bot.dll"]

FROM runtime AS discord
ENV ASPNETCORE_URLS=http://+:5082
EXPOSE 5082
COPY --from=build /published/discord .
ENTRYPOINT ["dotnet", "Games.FakeDiscord.dll"]
