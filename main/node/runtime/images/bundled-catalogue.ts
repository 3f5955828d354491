import bases from '../../../../resources/images/bases.json' with { type: 'json' }
import databases from '../../../../resources/images/databases.json' with { type: 'json' }
import samples from '../../../../resources/images/samples.json' with { type: 'json' }
import system from '../../../../resources/images/system.json' with { type: 'json' }
import tools from '../../../../resources/images/tools.json' with { type: 'json' }
import web from '../../../../resources/images/web.json' with { type: 'json' }
import { ImageCatalogue, type CatalogueData, type RepositoryDeclaration } from './catalogue.ts'

/** The catalogue that comes with the program. */
export function bundledCatalogue(): ImageCatalogue {
  const data: CatalogueData = {
    bases,
    repositories: [web, tools, system, databases, samples].flatMap((file) => file.repositories as unknown as readonly RepositoryDeclaration[]),
  }
  return new ImageCatalogue(data)
}
